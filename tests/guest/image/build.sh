#!/bin/bash
# build.sh - make the test guest's kernel and initramfs from Debian packages, without installing any.
#
#   build.sh [DIR]     DIR defaults to $TW_CACHE/guest, else $TW_BUILD/.cache/guest
#
# Leaves DIR/vmlinuz and DIR/initrd and prints DIR. Does nothing when they are there and were made by these same scripts.
# Several may be started at once: one builds, the others wait. Exit status 77: what it is made of cannot be had here.
set -euo pipefail
export LC_ALL=C

here=$(dirname "$(readlink -f "$0")")
dir=${1:-${TW_CACHE:-${TW_BUILD:-$PWD}/.cache}/guest}
# In the order in which they are loaded.
modules="virtio_ring virtio virtio_pci_modern_dev virtio_pci_legacy_dev virtio_pci failover net_failover virtio_net
    llc stp garp mrp 8021q"
programs="/usr/bin/iperf3 /usr/bin/ping /usr/bin/tcpdump /usr/sbin/ethtool" # copied with their libraries, if they are there

cannot() {
    echo "build.sh: $*" >&2
    exit 77
}

mkdir -p "$dir"
dir=$(readlink -f "$dir")
exec 9>"$dir/.lock"
flock 9

stamp=$(cat "$here/build.sh" "$here/init" "$here/send-frame.c" | sha256sum | cut -d' ' -f1)
if [ -s "$dir/vmlinuz" ] && [ -s "$dir/initrd" ] && [ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ]; then
    echo "$dir"
    exit 0
fi

for tool in apt-get apt-cache dpkg-deb cpio; do
    command -v "$tool" >/dev/null || cannot "there is no $tool"
done
busybox=$(command -v busybox) || cannot "there is no busybox (package busybox-static)"
file -L "$busybox" 2>/dev/null | grep -q 'dynamically linked' && cannot "busybox is not static (package busybox-static)"

work=$(mktemp -d "$dir/work.XXXXXX")
trap 'rm -rf "$work"' EXIT

fetch_kernel() { # leaves one linux-image-*.deb in $dir
    local package
    ls "$dir"/linux-image-*.deb >/dev/null 2>&1 && return
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*-cloud-amd64\)$/\1/p' | head -n 1)
    [ -n "$package" ] || cannot "apt knows no linux-image-cloud-amd64 (run apt-get update)"
    (cd "$dir" && apt-get -qq -o APT::Sandbox::User=root download "$package") >&2 ||
        cannot "$package cannot be downloaded"
}

copy_program() { # PROGRAM: with the libraries and the loader that ldd names
    local file
    [ -x "$1" ] || return 0
    install -m 755 "$1" "$root/bin/"
    for file in $(ldd "$1" | grep -o '/[^ ]*'); do
        [ -e "$root$file" ] || install -D -m 755 "$(readlink -f "$file")" "$root$file"
    done
}

fetch_kernel
dpkg-deb -x "$(find "$dir" -name "linux-image-*.deb" | sort | tail -n 1)" "$work/kernel"

root=$work/root
mkdir -p "$root"/{bin,sbin,proc,sys,dev,tmp,modules,etc,usr/bin,usr/sbin}
install -m 755 "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
for program in $programs; do
    copy_program "$program"
done
echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd" # who tcpdump is to be
install -m 755 "$here/init" "$root/init"
gcc -O2 -static -o "$root/bin/send-frame" "$here/send-frame.c" || cannot "gcc makes no static program"
for module in $modules; do
    file=$(find "$work/kernel/lib/modules" -name "$module.ko*" | head -n 1)
    case $file in
        *.ko) cp "$file" "$root/modules/$module.ko" ;;
        *.ko.xz) xz -dc "$file" >"$root/modules/$module.ko" ;;
        *.ko.zst) zstd -qdc "$file" >"$root/modules/$module.ko" ;;
        *) continue ;; # built into this kernel
    esac
    echo "$module" >>"$root/modules/order"
done

# Not compressed: unpacking it in an emulated CPU takes longer than reading it.
(cd "$root" && find . | sort | cpio --quiet -o -H newc -R 0:0) >"$work/initrd"
cp "$work"/kernel/boot/vmlinuz-* "$work/vmlinuz"
mv "$work/vmlinuz" "$work/initrd" "$dir/"
echo "$stamp" >"$dir/stamp"
echo "$dir"
