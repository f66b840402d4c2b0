#!/bin/sh
# Installs Debian packages for their binaries only: run as root, `sh scripts/install-packages.sh etcd-server postgresql-15`.
# Nothing is started and no PostgreSQL cluster is created: Baton starts what it needs, where it needs it.
set -eu
export DEBIAN_FRONTEND=noninteractive

cluster_conf=/etc/postgresql-common/createcluster.conf
if [ ! -e "$cluster_conf" ]; then
  mkdir -p "$(dirname "$cluster_conf")"
  echo 'create_main_cluster = false' >"$cluster_conf"
fi

# Debian starts the services of a package on installation unless this file says no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

apt-get update -q || apt-get update -q
apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-confold "$@"
