"""How any client of the line reaches Kafka: where, over what, and as whom. The one place that knows."""

from dataclasses import dataclass, field
from typing import Any

from core.errors import SettingRefused
from core.settings import LineSettings

CONNECT_S = 10.0
RECONNECT_MS = 1000
"""Longest pause before a client knocks again; the library's 30 seconds would outlast a broker's restart."""

PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL = "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """A broker's address and what it wants to see. The password shows itself nowhere."""

    bootstrap: str
    protocol: str = PLAINTEXT
    mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""

    def __post_init__(self) -> None:
        # The library builds these errors and forgets to raise them: it would knock without a name until it gives up.
        if self.is_login and not (self.username and self.password):
            raise SettingRefused(f"{self.protocol} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD")
        if not self.is_login and (self.username or self.password):
            raise SettingRefused("KAFKA_SASL_USERNAME needs KAFKA_SECURITY_PROTOCOL=SASL_SSL, or it would go unused")

    @property
    def is_login(self) -> bool:
        """Whether the broker asks who we are."""
        return self.protocol in (SASL_PLAINTEXT, SASL_SSL)

    @property
    def is_encrypted(self) -> bool:
        """Whether what is sent can be read on its way."""
        return self.protocol in (SSL, SASL_SSL)

    @property
    def hint(self) -> str:
        """What else may be wrong where nobody answers: a refused login looks the same to the library."""
        hints = []
        if self.is_login:
            hints.append("KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD may be wrong")
        if self.is_encrypted:
            hints.append("KAFKA_SSL_CAFILE may not be the broker's")
        return ", ".join(hints)


Broker = str | KafkaAccess
"""A plain address stands for a broker that asks nobody anything."""


def access_of(settings: LineSettings) -> KafkaAccess:
    """From the settings of a station.

    Raises:
        SettingRefused: They do not fit each other.
    """
    return KafkaAccess(
        settings.kafka_bootstrap_servers,
        settings.kafka_security_protocol,
        settings.kafka_sasl_mechanism,
        settings.kafka_sasl_username,
        settings.kafka_sasl_password.get_secret_value(),
        settings.kafka_ssl_cafile,
    )


def as_access(broker: Broker) -> KafkaAccess:
    """The same for an address alone."""
    return KafkaAccess(broker) if isinstance(broker, str) else broker


def client_options(broker: Broker) -> dict[str, Any]:
    """What every client of the library is made with."""
    access = as_access(broker)
    options: dict[str, Any] = {
        "bootstrap_servers": access.bootstrap,
        "bootstrap_timeout_ms": int(CONNECT_S * 1000),
        "reconnect_backoff_max_ms": RECONNECT_MS,
        "security_protocol": access.protocol,
    }
    if access.is_encrypted and access.ca_file:
        options["ssl_cafile"] = access.ca_file
    if access.is_login:
        options["sasl_mechanism"] = access.mechanism
        options["sasl_plain_username"] = access.username
        options["sasl_plain_password"] = access.password
    return options
