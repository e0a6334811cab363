#!/bin/sh
# Builds the image of the trading agent from the packages of this machine's Debian and from the lock file, without a
# registry: `make image`, as root or by sudo, with mmdebstrap and buildah. `docker load` and `podman load` take it.
#
#     scripts/image.sh [ARCHIVE]     default build/boyd-VERSION.tar
#
# There is no shell in it and no package manager. Research (numba, polars and what they bring) is not for it.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
archive=${1:-build/boyd-$version.tar}
for tool in mmdebstrap buildah; do
    command -v "$tool" >/dev/null || { echo "image: $tool is not here: apt-get install mmdebstrap buildah" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "image: only root may unpack a system: sudo make image" >&2; exit 2; }
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$(dirname "$archive")"

echo "image: the system" >&2
packages=python3.11-minimal,libpython3.11-minimal,libpython3.11-stdlib,libc6,libgcc-s1,libstdc++6,zlib1g,libexpat1
packages=$packages,libssl3,libsqlite3-0,libffi8,libbz2-1.0,liblzma5,libuuid1,libcrypt1,netbase
. /etc/os-release
mmdebstrap --quiet --variant=extract --include="$packages" "$VERSION_CODENAME" "$work/root"
rm -rf "$work/root/var/lib" "$work/root/var/cache" "$work/root/usr/share/doc" "$work/root/usr/share/man" \
    "$work/root/usr/share/locale" "$work/root/usr/share/lintian" "$work/root/usr/lib/python3.11/pydoc_data" \
    "$work/root/usr/lib/python3.11/lib2to3"
mkdir -p "$work/root/etc" "$work/root/home/boyd" "$work/root/data" "$work/root/tmp"
echo 'root:x:0:0:root:/:/sbin/nologin
boyd:x:10001:10001:Boyd:/home/boyd:/sbin/nologin' >"$work/root/etc/passwd"
echo 'root:x:0:
boyd:x:10001:' >"$work/root/etc/group"
chown 10001:10001 "$work/root/home/boyd" "$work/root/data"
chmod 700 "$work/root/data"
chmod 1777 "$work/root/tmp"

echo "image: the packages of the lock file, and the agent" >&2
site=$work/root/usr/local/lib/boyd
python=${PYTHON:-.venv/bin/python}
"$python" -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes --only-binary :all: \
    --python-version 3.11 --target "$site" --requirement requirements/image.lock
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$work" .
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --target "$site" "$work"/boyd-*.whl
cp ops/image/health.py "$work/root/usr/local/lib/boyd-health.py"
rm -rf "$site/bin" "$site/nltk/test" "$site/joblib/test" "$site/Crypto/SelfTest" "$site/sqlalchemy/testing"
find "$site" -type d \( -name tests -o -name __pycache__ \) -prune -exec rm -rf {} +
find "$site" -name '*.pyi' -delete
# A read-only system compiles nothing; what is seldom imported need not be there twice.
chroot "$work/root" /usr/bin/python3.11 -I -m compileall -q -x '/(apprise|nltk|joblib|oauthlib|requests_oauthlib|pygments|Crypto|dateparser|textblob)/' \
    /usr/local/lib/boyd >/dev/null
chmod -R go=u-w "$work/root/usr"
chmod 755 "$work/root" "$work/root/etc" "$work/root/usr"

echo "image: its archive" >&2
container=$(buildah from --format docker scratch)
trap 'buildah rm "$container" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
tar --numeric-owner -C "$work/root" -cf "$work/root.tar" . # a plain copy would make everything root's
buildah add --quiet "$container" "$work/root.tar" / >/dev/null
buildah config --user 10001:10001 --workingdir /data --volume /data --stop-signal SIGTERM --port 8501 \
    --env PYTHONPATH=/usr/local/lib/boyd --env PYTHONUNBUFFERED=1 --env AGENT_HOME=/data --env HOME=/home/boyd \
    --entrypoint '["/usr/bin/python3.11", "-c", "from agent.cli import main; main()"]' --cmd 'run --mode paper --plain' \
    --healthcheck 'CMD ["/usr/bin/python3.11", "/usr/local/lib/boyd-health.py"]' \
    --healthcheck-interval 60s \
    --label org.opencontainers.image.title=boyd --label "org.opencontainers.image.version=$version" "$container"
buildah commit --quiet --format docker "$container" "boyd:$version" >/dev/null
rm -f "$archive"
buildah push --quiet "boyd:$version" "docker-archive:$archive:boyd:$version" # an OCI image has no health check
size=$(du -sm "$work/root" | cut -f1)
echo "$archive: $size MB, packed $(du -m "$archive" | cut -f1) MB"
[ "$size" -lt 200 ] || { echo "image: it is to stay below 200 MB" >&2; exit 1; }
