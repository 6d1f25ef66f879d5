FROM python:3.12-slim AS build
RUN python -m venv /venv
COPY requirements/base.txt /tmp/base.txt
RUN /venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r /tmp/base.txt

FROM python:3.12-slim
RUN useradd --system --user-group --create-home --home-dir /app stepwise
COPY --from=build /venv /venv
WORKDIR /app
COPY --chown=root:root . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MODE=production DJANGO_SETTINGS_MODULE=config.settings HOST=0.0.0.0 MEDIA_ROOT=/media
# The settings want their variables; none of these values is kept.
RUN env $(cat .ci/production.env) python manage.py collectstatic --noinput \
    && install --directory --owner=stepwise --group=stepwise /media
USER stepwise
EXPOSE 8000
VOLUME /media
HEALTHCHECK --start-period=20s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz')"]
CMD ["gunicorn", "--config", "python:config.gunicorn", "config.wsgi"]
