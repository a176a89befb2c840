"""The broker that trusts nobody: TLS, a login for every client, and nothing allowed that was not granted.

Its controller listens on this machine alone and asks nobody: whoever has an account on this machine is trusted.
"""

import os
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

from core.adapters.kafka_access import SASL_SSL, KafkaAccess
from line.services.daemon import ServerMissing
from line.services.kafka_broker import JARS, START_S, KafkaBroker, kafka_broker, prepare
from line.services.kafka_jars import fetch_jars

ADMIN = "admin"
DAYS = "3650"
CA_NAME = "ca.pem"
ADMIN_FILE = "admin.secret"

# Appended to the plain broker's properties: of a property that stands there twice the last one counts.
PROPERTIES = """listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
inter.broker.listener.name=SASL_SSL
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={login} required username="{admin}" password="{password}";
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{admin};User:ANONYMOUS
ssl.keystore.type=PKCS12
ssl.keystore.location={folder}/broker.p12
ssl.keystore.password={password}
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
"""
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


@dataclass(frozen=True)
class SecuredKafka:
    """A running broker and what its clients need to know."""

    broker: KafkaBroker
    folder: Path

    @property
    def ca_file(self) -> Path:
        """Who signed its certificate."""
        return self.folder / CA_NAME

    @property
    def admin(self) -> KafkaAccess:
        """The login that may make others."""
        return self.access(ADMIN, (self.folder / ADMIN_FILE).read_text().strip())

    def access(self, username: str, password: str) -> KafkaAccess:
        """A client's way in."""
        return KafkaAccess(
            self.broker.bootstrap, SASL_SSL, username=username, password=password, ca_file=str(self.ca_file)
        )


def start_secured_kafka(folder: Path, port: int, jars_folder: Path = JARS) -> SecuredKafka:
    """Start it, or find it running; its controller takes the port above. Its first start makes keys and a password.

    Raises:
        ServerMissing: Java or the broker's jars cannot be had, or the broker does not start.
    """
    jars = fetch_jars(jars_folder).absolute()
    folder = folder.absolute()
    broker = kafka_broker(folder, port, jars)
    if broker.daemon.pid() is None:
        password = _password(folder)
        _make_certificates(folder, password)
        said = PROPERTIES.format(
            port=port, controller=port + 1, folder=folder, admin=ADMIN, password=password, login=LOGIN
        )
        prepare(folder, port, jars, said, ("--add-scram", f"SCRAM-SHA-512=[name={ADMIN},password={password}]"))
    broker.daemon.start(START_S)
    return SecuredKafka(broker, folder)


def write_login(kafka: SecuredKafka) -> Path:
    """The administrator's settings in a file that only this user reads: `set -a; . FILE`."""
    admin = kafka.admin
    said = {
        "KAFKA_BOOTSTRAP_SERVERS": admin.bootstrap,
        "KAFKA_SECURITY_PROTOCOL": admin.protocol,
        "KAFKA_SASL_USERNAME": admin.username,
        "KAFKA_SASL_PASSWORD": admin.password,
        "KAFKA_SSL_CAFILE": admin.ca_file,
    }
    path = kafka.folder / "admin.env"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={value}\n" for name, value in said.items()))
    return path


def _password(folder: Path) -> str:
    """Drawn at the first start, and kept where only this user reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / ADMIN_FILE
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(24))
    return path.read_text().strip()


def _make_certificates(folder: Path, password: str) -> None:
    """An authority for this broker alone, whose key is thrown away once it has signed."""
    if (folder / CA_NAME).exists():
        return
    (folder / "broker.p12").unlink(missing_ok=True)
    key = ("-genkeypair", "-keyalg", "EC", "-groupname", "secp256r1", "-validity", DAYS)
    is_authority = ("-ext", "bc:critical=ca:true", "-ext", "ku:critical=keyCertSign")
    _keytool(folder, password, *key, "-alias", "ca", "-dname", "CN=line authority", *is_authority)
    here = ("-ext", "san=ip:127.0.0.1,dns:localhost")
    _keytool(folder, password, *key, "-alias", "broker", "-dname", "CN=line broker", "-signer", "ca", *here)
    certificate = _keytool(folder, password, "-exportcert", "-rfc", "-alias", "ca")
    _keytool(folder, password, "-delete", "-alias", "ca")
    (folder / CA_NAME).write_text(certificate)


def _keytool(folder: Path, password: str, *words: str) -> str:
    """The password travels in the environment, which other users cannot see."""
    store = ("-storetype", "PKCS12", "-keystore", str(folder / "broker.p12"), "-storepass:env", "STORE_PASSWORD")
    told = os.environ | {"STORE_PASSWORD": password}
    done = subprocess.run(["keytool", *words, *store], env=told, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerMissing(f"the broker's certificate could not be made: {done.stdout[-300:]}{done.stderr[-300:]}")
    return done.stdout
