# Image for the janitor (manifests/janitor) and other in-cluster uses of kubectl dshell: Python and this package, without a
# shell or package manager, as an unprivileged user.
#
#   docker build -t REGISTRY/kubectl-dshell:VERSION .

# Same Python version as below: some dependencies are compiled for it.
FROM python:3.11-slim-bookworm AS build
WORKDIR /source
COPY requirements-build.lock requirements.lock ./
RUN python -m venv /builder \
 && /builder/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-build.lock
RUN pip install --no-cache-dir --require-hashes --only-binary :all: --target /opt/kubectl-dshell -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY kubectl_dshell kubectl_dshell
COPY docs/kubectl-dshell.1 docs/
RUN /builder/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
 && pip install --no-cache-dir --no-index --no-deps --target /opt/kubectl-dshell /wheels/*.whl \
 && rm -r /opt/kubectl-dshell/bin

FROM gcr.io/distroless/python3-debian12:nonroot
COPY --from=build /opt/kubectl-dshell /opt/kubectl-dshell
ENV PYTHONPATH=/opt/kubectl-dshell
# Numeric: with a name, Kubernetes cannot verify runAsNonRoot.
USER 65532:65532
ENTRYPOINT ["/usr/bin/python3.11", "-P", "-m", "kubectl_dshell"]
