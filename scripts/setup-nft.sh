#!/usr/bin/env bash
# nftables and iproute2 for the tests of the network fence, from the distribution. Quiet when they are there.
set -euo pipefail
[[ -x /usr/sbin/nft && -x /usr/bin/ss && -x /usr/sbin/ip ]] && exit 0
exec "$(dirname "$0")/apt-install.sh" setup-nft nftables nftables iproute2
