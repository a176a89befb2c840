# One image for every station; the command chooses which.
# The CPU and the GPU worker are the same: the torch wheel brings its own CUDA libraries.
FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY pyproject.toml constraints.txt README.md ./
COPY core core
COPY ingest ingest
COPY model model
COPY worker worker
COPY dashboard dashboard
COPY retrain retrain
COPY line line
RUN python -m venv /venv \
 && /venv/bin/pip install --quiet -c constraints.txt ".[bus,s3,model,openvino,dashboard,retrain]"

FROM python:3.11-slim-bookworm
# The embedded Postgres is for one machine: here a station without DATABASE_URL refuses to start.
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LINE_EMBEDDED=false \
    LINE_HOME=/var/lib/line \
    WORKER_CACHE=/var/lib/line/cache
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/line line \
 && install -d -o line -g line /var/lib/line/artifacts
COPY --from=build /venv /venv
USER line
WORKDIR /var/lib/line
CMD ["python", "-m", "worker"]
