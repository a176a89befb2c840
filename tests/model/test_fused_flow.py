"""The flows: invertible, and the same in their fused form."""

import pytest
import torch

from model.config import NetworkConfig
from model.flow import LARGEST_SOFT, Flow, make_flows
from model.fused_flow import FusedFlow
from model.positions import position_code

torch.set_num_threads(1)
CONFIG = NetworkConfig(flow_blocks=3, position_channels=32)


def stirred_flow(channels: int) -> Flow:
    """A flow whose constants are no longer those it was made with, in float64."""
    torch.manual_seed(3)
    flow = Flow(channels, CONFIG).double()
    with torch.no_grad():
        for block in flow.sequence:
            block.global_scale.add_(torch.randn_like(block.global_scale))
            block.global_offset.add_(torch.randn_like(block.global_offset))
            if channels <= LARGEST_SOFT:
                block.w_perm.data = torch.linalg.qr(block.w_perm.data).Q
                block.w_perm_inv.data = block.w_perm.data.T.contiguous()
            for layer in (block.subnet[0], block.subnet[2]):
                layer.weight.mul_(3)
    return flow


@pytest.mark.parametrize("channels", [5, 24, 520])
def test_the_fused_flow_gives_the_plain_flows_log_likelihoods(channels: int) -> None:
    """Rotated and permuted joints, even and odd channels: equal within 1e-9 in float64."""
    flow = stirred_flow(channels)
    codes = position_code(32, 4, 6).double()
    vectors = torch.randn(3, 24, channels, dtype=torch.float64)
    with torch.no_grad():
        plain = flow(vectors.reshape(-1, channels), codes.repeat(3, 1)).view(3, 24)
        fused = FusedFlow(flow, codes)(vectors)
    assert (plain - fused).abs().max() < 1e-9


@pytest.mark.parametrize("channels", [24, 520])
def test_all_images_go_through_a_layer_in_one_product(channels: int) -> None:
    """One per image would copy the weights for each of them: a third of a compiled graph's time, once."""
    codes = position_code(32, 4, 6).double()
    fused, vectors = FusedFlow(stirred_flow(channels), codes), torch.randn(3, 24, channels, dtype=torch.float64)
    graph = torch.export.export(fused, (vectors,)).run_decompositions().graph
    operations = [str(node.target) for node in graph.nodes]
    assert not any("bmm" in operation for operation in operations)
    assert sum(operation.startswith(("aten.mm", "aten.addmm")) for operation in operations) >= 2 * CONFIG.flow_blocks


@pytest.mark.parametrize("channels", [5, 24, 520])
def test_a_flow_inverts(channels: int) -> None:
    """From the latent space back to where the vector came from."""
    flow = stirred_flow(channels)
    codes = position_code(32, 4, 6).double()
    vectors = torch.randn(24, channels, dtype=torch.float64)
    with torch.no_grad():
        back = flow.from_latent(flow.to_latent(vectors, codes), codes)
    assert (back - vectors).abs().max() < 1e-8


def test_every_position_has_its_own_code() -> None:
    """No two rows of the code are alike, and all lie within -1..1."""
    codes = position_code(128, 32, 32)
    assert codes.shape == (1024, 128)
    assert codes.abs().max() <= 1
    assert torch.cdist(codes, codes).add(torch.eye(1024) * 9).min() > 1e-2


def test_flows_are_drawn_from_torchs_seed() -> None:
    """The same seed gives the same flows, permutations included."""
    states = []
    for _ in range(2):
        torch.manual_seed(7)
        states.append(make_flows((8, 16, 600), CONFIG).state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
