"""The broker's own Java artifacts, brought by Maven once and kept in a folder."""

import fcntl
import shutil
import subprocess
from pathlib import Path

from line.services.daemon import ServerMissing

KAFKA_VERSION = "4.3.1"
# Kafka is built against slf4j 1.7: its binding is log4j-slf4j-impl, not the one named slf4j2.
LOG4J_VERSION = "2.25.4"
ARTIFACTS = (
    ("org.apache.kafka", "kafka_2.13", KAFKA_VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", LOG4J_VERSION),
    ("org.apache.logging.log4j", "log4j-api", LOG4J_VERSION),
    ("org.apache.logging.log4j", "log4j-core", LOG4J_VERSION),
)
DEPENDENCY = "    <dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>\n"
POM = """<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>line</groupId><artifactId>broker</artifactId><version>1</version>
  <dependencies>
{}  </dependencies>
</project>
"""


def fetch_jars(folder: Path) -> Path:
    """The folder of the broker's jars, downloaded the first time.

    Raises:
        ServerMissing: Java or Maven is missing, or Maven could not bring the artifacts.
    """
    if not shutil.which("java"):
        raise ServerMissing("apt-get install openjdk-17-jre-headless maven")
    folder.mkdir(parents=True, exist_ok=True)
    jars = folder / f"kafka-{KAFKA_VERSION}"
    with (folder / "jars.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test runs at once must not write one folder
        if not jars.exists():
            _download(folder, jars)
    return jars


def _download(folder: Path, jars: Path) -> None:
    if not shutil.which("mvn"):
        raise ServerMissing("apt-get install maven")
    pom = folder / "pom.xml"
    pom.write_text(POM.format("".join(DEPENDENCY.format(*artifact) for artifact in ARTIFACTS)))
    partial = folder / "jars-partial"
    command = ("mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", "-DincludeScope=runtime")
    fetched = subprocess.run(
        [*command, f"-DoutputDirectory={partial.absolute()}"], capture_output=True, text=True, check=False
    )
    if fetched.returncode:
        raise ServerMissing(f"Maven could not bring the broker, is there a network? {fetched.stdout[-300:]}")
    partial.rename(jars)
