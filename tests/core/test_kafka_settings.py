"""How the line logs in to Kafka: settings that do not fit each other are refused, and no password shows itself."""

import pytest
from pydantic import SecretStr, ValidationError

from core.adapters.kafka_access import KafkaAccess, access_of, client_options
from core.errors import SettingRefused
from core.settings import LineSettings

SECRET = "the-password-of-line1-top"


def settings() -> LineSettings:
    return LineSettings(
        kafka_bootstrap_servers="kafka:9093",
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_username="line1-top",
        kafka_sasl_password=SecretStr(SECRET),
        kafka_ssl_cafile="/etc/ca.pem",
    )


def test_every_client_is_made_with_the_same_login() -> None:
    options = client_options(access_of(settings()))
    assert options["security_protocol"] == "SASL_SSL"
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("line1-top", SECRET)
    assert options["ssl_cafile"] == "/etc/ca.pem"


def test_a_plain_address_stands_for_a_broker_that_asks_nobody() -> None:
    """As before there were logins."""
    assert client_options("kafka:9092") == client_options(access_of(LineSettings(kafka_bootstrap_servers="kafka:9092")))
    assert "sasl_mechanism" not in client_options("kafka:9092")


def test_a_password_shows_itself_nowhere() -> None:
    """Neither as a setting nor as an access."""
    assert SECRET not in repr(settings()) + str(settings()) + repr(access_of(settings()))


@pytest.mark.parametrize(
    "access",
    [
        {"protocol": "SASL_SSL"},
        {"protocol": "SASL_SSL", "username": "cam"},
        {"protocol": "SASL_PLAINTEXT", "password": SECRET},
        {"protocol": "SSL", "username": "cam", "password": SECRET},
        {"protocol": "PLAINTEXT", "password": SECRET},
    ],
)
def test_half_a_login_is_refused_at_the_start(access: dict[str, str]) -> None:
    """The client library would knock without a name until it gives up; the password is not repeated."""
    with pytest.raises(SettingRefused, match="KAFKA_SASL_USERNAME") as refusal:
        KafkaAccess("kafka:9093", **access)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("wrong", [{"kafka_security_protocol": "TLS"}, {"kafka_sasl_mechanism": "PLAIN"}])
def test_a_protocol_or_mechanism_that_does_not_exist_is_refused(wrong: dict[str, str]) -> None:
    """PLAIN would send the password itself."""
    with pytest.raises(ValidationError):
        LineSettings(**wrong)  # type: ignore[arg-type]
