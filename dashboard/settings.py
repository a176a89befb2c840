"""The dashboard's settings; `make settings` prints them."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DashboardSettings(BaseSettings):
    """When the dashboard calls something old, and who may reach it."""

    model_config = SettingsConfigDict(
        env_prefix="DASHBOARD_", frozen=True, extra="ignore", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    stale_after_s: float = Field(default=10.0, gt=0)
    """Seconds without a new frame until a tile turns grey: longer than any line's gap between two parts should be."""

    camera_forgotten_after_h: float = Field(default=24.0, gt=0)
    """Hours after its last report until a camera leaves the Live page: a shift that stood still is still seen."""

    training_forgotten_after_h: float = Field(default=1.0, gt=0)
    """Hours after its last report until an unfinished training leaves the Live page: it was given up."""

    page_size: int = Field(default=48, ge=6, le=200)
    """Parts per page of the Defects gallery: about what one looks through before the filters are used."""

    picture_limit_mib: float = Field(default=3.0, gt=0)
    """MiB of a frame up to which it is shown as it came; a larger one is sent as JPEG of the same size in pixels."""

    thumbnail_side: int = Field(default=160, ge=48, le=640)
    """Pixels of a gallery picture's longer side: twice what it takes on the page, for sharp screens."""

    review_days: float = Field(default=7.0, gt=0, le=60)
    """Days back from now within which parts come up for review: what is older will not be looked at any more."""

    review_side: int = Field(default=1024, ge=256, le=4096)
    """Pixels of the longer side of a picture under review: what a bench screen shows; the full frame is on Defects."""

    reached_through_loopback: bool = False
    """Whether whoever starts it publishes the port on loopback alone, as the container file does. Without a login,
    only then may the dashboard bind to another address."""

    login_file: str = ""
    """TOML file whose section [auth] holds client_id, client_secret, cookie_secret (32 characters or more),
    redirect_uri and server_metadata_url of an OIDC provider. Empty: no login, reached from this machine alone."""

    roles_claim: str = ""
    """Claim of the login's token that lists roles or groups, e.g. groups or realm_access.roles. Empty: none is
    believed, and only DASHBOARD_ROLES_FILE gives roles."""

    roles_file: str = ""
    """TOML file with tables [groups] and [people]: "name" = ["operator", "quality", "engineer"]. Read every five
    seconds, so that a role can be taken away while the line runs. Empty: the claim lists the roles by these names."""

    name_claim: str = "email"
    """Claim with the name for the audit and the table [people]. An email that the provider did not verify is not
    believed: the token's subject is used instead."""

    roles_contact: str = "an engineer of this line"
    """Whom a page names to those who have no role and want one."""

    local_name: str = ""
    """The name for the audit of whoever sits at this machine, where there is no login. Empty: the system's user."""

    metrics_port: int = Field(default=0, ge=0, le=65535)
    """Port of /metrics, /healthz and /readyz. 0: none, for the demo and a development machine need none. It is not the
    page's own port, for it has no login even where the page has one."""
