"""One Kafka broker (KRaft, broker and controller in one process) that survives being killed."""

import base64
import os
import re
import subprocess
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from line.services.daemon import Daemon, ServerMissing
from line.services.kafka_jars import fetch_jars

START_S = 90.0
HEAP = "-Xmx512m"
JARS = Path(__file__).parents[2] / ".services"

PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes=4194304
replica.fetch.max.bytes=4194304
# One node: only what is flushed survives a power cut, so an acknowledgement waits for the disk.
log.flush.interval.messages=1
"""

LOGGING = """<Configuration status="ERROR">
  <Appenders><Console name="console"><PatternLayout pattern="%d %p %c %m%n"/></Console></Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
"""


@dataclass(frozen=True)
class KafkaBroker:
    """A running broker."""

    daemon: Daemon

    @property
    def bootstrap(self) -> str:
        """Where its clients connect."""
        return f"127.0.0.1:{self.daemon.port}"

    def stop(self) -> None:
        """End it in order."""
        self.daemon.stop()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self.daemon.kill()

    def restart(self) -> None:
        """Start it again, on the same port and with what it had on disk."""
        self.daemon.start(START_S)


def kafka_broker(folder: Path, port: int, jars: Path) -> KafkaBroker:
    """The broker of this folder, running or not."""
    properties = str(folder / "server.properties")
    command = (*_java(folder, jars), HEAP, "kafka.Kafka", properties)
    return KafkaBroker(Daemon("kafka", command, folder, port, properties))


def start_kafka(folder: Path, port: int, jars_folder: Path = JARS) -> KafkaBroker:
    """Start it, or find it running; its controller takes the port above.

    Raises:
        ServerMissing: Java or the broker's jars cannot be had, or the broker does not start.
    """
    jars = fetch_jars(jars_folder).absolute()
    folder = folder.absolute()
    broker = kafka_broker(folder, port, jars)
    if broker.daemon.pid() is None:
        prepare(folder, port, jars)
    broker.daemon.start(START_S)
    return broker


def _java(folder: Path, jars: Path) -> tuple[str, ...]:
    logging = f"-Dlog4j2.configurationFile={folder / 'logging.xml'}"
    return ("java", "-cp", f"{jars}/*", logging, f"-Dkafka.logs.dir={folder}")


def prepare(folder: Path, port: int, jars: Path, more_properties: str = "", more_format: Sequence[str] = ()) -> None:
    """Write the broker's files, and format its disk the first time.

    Raises:
        ServerMissing: Its disk cannot be formatted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    properties = folder / "server.properties"
    said = PROPERTIES.format(port=port, controller=port + 1, data=folder / "data")
    properties.touch(mode=0o600)
    properties.write_text(said + more_properties)
    (folder / "logging.xml").write_text(LOGGING)
    if (folder / "data" / "meta.properties").exists():
        return
    cluster = base64.b64encode(uuid.uuid4().bytes, altchars=b"AA").decode().rstrip("=")  # a leading "-" is an option
    format_command = (*_java(folder, jars), "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster)
    _run_unseen(folder, [*format_command, "-c", str(properties), "--ignore-formatted", *more_format])


def _run_unseen(folder: Path, command: Sequence[str]) -> None:
    """Run this Java command with its words in a file that only this user reads: others see every command line.

    Raises:
        ServerMissing: It failed; what it said stands here without passwords.
    """
    java, *words = command
    arguments = folder / "format.args"
    arguments.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(arguments, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("".join(f"{quoted(word)}\n" for word in words))
        done = subprocess.run([java, f"@{arguments}"], capture_output=True, text=True, check=False)
    finally:
        arguments.unlink(missing_ok=True)
    if done.returncode:
        raise ServerMissing(f"the broker's folder could not be made: {without_passwords(done.stderr)[-300:]}")


def quoted(word: str) -> str:
    """One word of a Java argument file."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def without_passwords(said: str) -> str:
    """What a program said, fit for a log."""
    return re.sub(r"(?<=password=)[^\s,\]]+", "...", said)
