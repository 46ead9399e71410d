// POSIX shell, run as root on the host: sh -c <script> sh <folder> <unit> … . Nothing is interpolated: all of it is arguments.

/** How the unit stands, as one line: `state absent|running|lost|ended <code>`. Nothing is said where systemd cannot be asked. */
const tellState = `
tell() {
  if [ -e "$dir/exit" ]; then echo "state ended $(cat "$dir/exit")"; return; fi
  active=$(systemctl show --property ActiveState --value "$unit.service") || return 6
  case $active in
    active|activating|deactivating|reloading) echo 'state running'; return ;;
  esac
  # It may have ended between the two looks.
  if [ -e "$dir/exit" ]; then echo "state ended $(cat "$dir/exit")"
  elif [ -e "$dir/started" ]; then echo 'state lost'
  else echo 'state absent'; fi
}`;

/** What runs in the unit: sh -c <script> sh <dir> <argv…>. The exit code is on disk before it counts. */
const inTheUnit = `
dir=$1; shift
[ ! -e "$dir/exit" ] || exit 0
: >"$dir/started"
"$@" >>"$dir/log" 2>&1 </dev/null
code=$?
echo "$code" >"$dir/exit.new" && sync "$dir/exit.new" && mv "$dir/exit.new" "$dir/exit" && sync "$dir"
exit "$code"`;

/** … <digest> <argv…>, each `$` of them twice: starts it unless it runs or has ended. systemd itself refuses the second of two at once. */
export const startScript = `
set -eu
umask 077
root=$1 unit=$2 digest=$3; shift 3
dir=$root/$unit
${tellState}
mkdir -p "$dir"
if [ -e "$dir/digest" ]; then
  if [ "$(cat "$dir/digest")" != "$digest" ]; then echo 'the name belongs to another command' >&2; exit 3; fi
else
  echo "$digest" >"$dir/digest.$$"; mv "$dir/digest.$$" "$dir/digest"
fi
now=$(tell)
case $now in 'state running'|'state ended '*) echo "$now"; exit 0 ;; esac
if ! said=$(systemd-run --quiet --collect --service-type=exec --unit="$unit" \\
    /bin/sh -c '${inTheUnit.replaceAll("'", `'\\''`)}' sh "$dir" "$@" 2>&1); then
  # Another worker may have been first.
  now=$(tell)
  case $now in 'state running'|'state ended '*) echo "$now"; exit 0 ;; *) echo "$said" >&2; exit 4 ;; esac
fi
tell`;

export const watchScript = `
set -eu
root=$1 unit=$2
dir=$root/$unit
${tellState}
tell`;

/** … stop|collect */
export const stopScript = `
set -eu
root=$1 unit=$2 what=$3
dir=$root/$unit
${tellState}
if [ "$what" = stop ]; then systemctl stop "$unit.service" 2>/dev/null || :; tell; exit 0; fi
now=$(tell)
case $now in 'state running') echo 'it still runs' >&2; exit 5 ;; esac
rm -rf -- "$dir"
tell`;
