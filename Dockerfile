FROM python:3.11-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1

WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement requirements.txt

COPY . .
# Both source roots: platform/ is one by itself (see pyproject.toml).
ENV PYTHONPATH=/app:/app/platform

RUN useradd --system --uid 10001 --user-group --no-create-home payouts
USER payouts

# The web's processes and their threads, each of which may hold a database connection.
ENV GRANIAN_WORKERS=2 \
    GRANIAN_BLOCKING_THREADS=16

EXPOSE 8086
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8086", "payouts_project.wsgi:application"]
