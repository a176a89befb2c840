"""The network's shapes, and what encoders may start from."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from model.benchmark import fast_pass, plain_pass
from model.config import NetworkConfig, Normalisation
from model.decoder import Decoder
from model.encoder import WeightsRefused, bare_backbone, channels_of, estimate_statistics, open_encoder
from model.engines.choice import EngineName
from model.engines.port import EagerEngine
from model.network import InferenceNetwork, Network

torch.set_num_threads(1)
SMALL = NetworkConfig(encoder="resnet18", height=64, width=96, flow_blocks=2, position_channels=16)


@pytest.mark.parametrize(
    ("name", "channels"),
    [("resnet18", (128, 256, 512)), ("mobilenetv2_100", (32, 96, 320)), ("wide_resnet50_2", (512, 1024, 2048))],
)
def test_an_encoder_gives_maps_at_strides_8_16_and_32(name: str, channels: tuple[int, int, int]) -> None:
    with torch.device("meta"):
        backbone = bare_backbone(name, reflect=False)
        maps = backbone(torch.empty(1, 3, 64, 96))
        logits = Decoder(channels)(maps)
    assert channels_of(backbone) == channels
    assert [tuple(values.shape) for values in maps] == [
        (1, count, 64 // stride, 96 // stride) for count, stride in zip(channels, (8, 16, 32), strict=True)
    ]
    assert tuple(logits.shape) == (1, 1, 64, 96)


def test_the_references_decoder_has_about_the_papers_parameters() -> None:
    with torch.device("meta"):
        count = sum(values.numel() for values in Decoder((512, 1024, 2048)).parameters())
    assert 7.0e6 < count < 8.5e6


@pytest.mark.parametrize("reflect", [False, True])
def test_the_fast_network_gives_the_plain_networks_maps(reflect: bool) -> None:
    assert apart("resnet18", torch.float32, reflect) < 1e-5


@pytest.mark.parametrize("encoder", ["wide_resnet50_2", "resnet18", "mobilenetv2_100"])
@pytest.mark.parametrize(("numbers", "share"), [(torch.float32, 1e-5), (torch.float64, 1e-9)])
def test_the_fused_inference_is_the_plain_one_for_every_encoder(
    encoder: str, numbers: torch.dtype, share: float
) -> None:
    """Within this share of the map's range: the algebra is exact, only the order of sums differs."""
    assert apart(encoder, numbers) < share


def apart(encoder: str, numbers: torch.dtype, reflect: bool = False) -> float:
    """The largest difference between the maps by plain FrEIA and in fused form, as a share of the map's range."""
    torch.manual_seed(4)
    network = Network(NetworkConfig(encoder, 64, 96, reflect=reflect, flow_blocks=2, position_channels=16))
    images = torch.randn(2, 3, 64, 96)
    estimate_statistics(network.encoder, [images])
    network = network.eval().to(numbers)
    turned_exactly(network)
    plain = plain_pass(network, images.to(numbers))
    reference = EagerEngine(EngineName("torch", "cpu", "float32"), InferenceNetwork(network))
    fast = fast_pass(reference, images.to(numbers))
    assert plain.dtype == fast.dtype == numbers
    return float((plain - fast).abs().max() / (plain.max() - plain.min()))


def turned_exactly(network: Network) -> None:
    """The fused form leaves out the last rotation, which keeps lengths only as exactly as its numbers are rounded:
    for a comparison beyond float32, rotations are made anew in the network's own numbers.
    """
    for block in (block for flow in network.flows for block in flow.sequence):
        if (block.w_perm.data != 0).sum() == len(block.w_perm):
            continue  # a mere permutation is exact in any numbers
        block.w_perm.data.copy_(torch.linalg.qr(block.w_perm.data)[0])


def test_an_unknown_encoder_is_refused_by_name() -> None:
    with pytest.raises(WeightsRefused, match="no_such_net"):
        bare_backbone("no_such_net", reflect=False)


def test_an_encoder_whose_maps_have_their_channels_last_is_refused() -> None:
    """Transformers and their kin: the decoder would take rows for channels."""
    with pytest.raises(WeightsRefused, match="channels last"):
        bare_backbone("test_mambaout", reflect=False)


def test_weights_from_a_file_bring_their_normalisation(tmp_path: Path) -> None:
    """Half precision is widened; mean and std come from the file's metadata unless they are given."""
    path = tmp_path / "encoder.safetensors"
    stored = {key: value.half() for key, value in bare_backbone("resnet18", reflect=False).state_dict().items()}
    save_file(stored, path, metadata={"mean": "0.5,0.5,0.5", "std": "0.25,0.25,0.25"})
    encoder = open_encoder("resnet18", str(path), reflect=False)
    assert encoder.normalisation == Normalisation((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    assert encoder.backbone.state_dict()["conv1.weight"].dtype == torch.float32
    assert torch.equal(encoder.backbone.state_dict()["conv1.weight"].half(), stored["conv1.weight"])
    given = Normalisation((0.1, 0.1, 0.1), (1.0, 1.0, 1.0))
    assert open_encoder("resnet18", str(path), reflect=False, given=given).normalisation == given


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    save_file({"conv1.weight": torch.zeros(1)}, path)
    with pytest.raises(WeightsRefused, match="lacks"):
        open_encoder("resnet18", str(path), reflect=False)
    path.write_bytes(b"not safetensors at all")
    with pytest.raises(WeightsRefused):
        open_encoder("resnet18", str(path), reflect=False)


def test_estimated_statistics_make_random_weights_normalise() -> None:
    """After estimation, the first batch norm's output has about zero mean and unit variance."""
    torch.manual_seed(1)
    backbone = bare_backbone("resnet18", reflect=False)
    images = torch.randn(8, 3, 64, 64) * 3 + 5
    estimate_statistics(backbone, [images])
    with torch.no_grad():
        out = backbone.bn1(backbone.conv1(images))
    assert abs(float(out.mean())) < 0.05
    assert np.isclose(float(out.var()), 1.0, atol=0.1)
    assert not backbone.training
