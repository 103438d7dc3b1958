# Built in the folder workload/, as .github/workflows/images.yml does:
#   docker build --file workload/orchestrator.Dockerfile workload
FROM python:3.11.16-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7 AS packages
COPY requirements.lock /
# Wheels only: nothing is compiled, and no package's code runs while it is installed.
RUN python -m venv --without-pip /venv \
    && python -m pip --python /venv/bin/python install --no-cache-dir --no-deps --only-binary :all: \
        --require-hashes --requirement /requirements.lock

FROM python:3.11.16-slim@sha256:9c900dea9e8fb7e16277c179b555cc72d29a352dbc33cff48ad5a0412fd5bfc7
RUN python -m pip uninstall --yes --root-user-action ignore pip setuptools wheel
# Amazon's authorities sign RDS's certificate. Another checksum means that Amazon changed the file: look at
# what changed, then write the new one.
ADD --chmod=0444 --checksum=sha256:e5bb2084ccf45087bda1c9bffdea0eb15ee67f0b91646106e466714f9de3c7e3 \
    https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem /etc/ssl/certs/rds-global-bundle.pem
COPY --from=packages /venv /venv
COPY . /app/workload
WORKDIR /app
# Only /tmp can be written in the pod.
ENV HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["/venv/bin/python", "-m", "workload.orchestrator"]
