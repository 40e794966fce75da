# syntax=docker/dockerfile:1
# One image, four processes: exchange, bot, exporter, ops. Which one is the command.

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /opt/tickertape
COPY requirements.lock ./
RUN /opt/tickertape/bin/pip install --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY trading_bot trading_bot
COPY exporter exporter
COPY alerts alerts
COPY workflows workflows
# The lock pins what builds it too, so nothing is fetched here.
RUN /opt/tickertape/bin/pip install --no-deps --no-build-isolation . \
    && /opt/tickertape/bin/python -m compileall -q /opt/tickertape/lib

FROM python:3.11-slim-bookworm
# One uid for all processes: a reader under another one leaves files of the journal that the bot cannot write.
RUN groupadd --gid 10001 tickertape \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin tickertape \
    && install --directory --owner=tickertape --group=tickertape --mode=0700 /var/lib/tickertape \
    && install --directory --owner=tickertape --group=tickertape --mode=0755 /var/lib/scrape
COPY --from=build /opt/tickertape /opt/tickertape
COPY scripts/ready.py /opt/tickertape/ready.py
ENV PATH=/opt/tickertape/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    BOT_HOME=/var/lib/tickertape
USER 10001:10001
WORKDIR /var/lib/tickertape
VOLUME ["/var/lib/tickertape"]
ENTRYPOINT ["tickertape"]
CMD ["--help"]
