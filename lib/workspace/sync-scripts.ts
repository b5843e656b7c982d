/** Run in the container for any POSIX sh; `$1` is the copy of the project. Everything of ours is in its `.tazpod`. */

/** Packs all of it. */
export const packAll = 'export LC_ALL=C; exec tar -c -f - -C "$1" .';

/** How many files one tar is given. */
const atOnce = 100;

const packing = (count: number): string => `export LC_ALL=C; cd "$1" || exit 4
set --; r=0
while read -r path; do
  # the dot keeps a newline at the end of a name
  path=$(printf '%b.' "$path"); set -- "$@" "./\${path%.}"
  if [ "$#" -ge ${count} ]; then tar -c -f - "$@" || r=$?; set --; fi
done
[ "$#" = 0 ] || tar -c -f - "$@" || r=$?
exit $r`;

/** Packs the files whose paths are on stdin, in tars one behind the other. */
export const packSome = packing(atOnce);

/** The same, each in a tar by itself, where none can be told to be one more name of another. */
export const packEach = packing(1);

/** Unpacks a tar from stdin beside. What was killed may have left something there. */
export const stage = `d="$1/.tazpod"; umask 077
[ -d "$d" ] || mkdir "$d" || exit 4
chmod 700 "$d" || exit 4
if [ -e "$d/carry" ]; then chmod -R u+rwX "$d/carry"; rm -rf "$d/carry" || exit 4; fi
mkdir "$d/carry" || exit 4
umask 022; exec tar -x -p -f - -C "$d/carry"`;

/**
 * Does what is on stdin, a line each: what, a mode, how the place has to look (time and size, \`-\` for nothing, \`any\`),
 * path; and a line \`end\`, without which whoever wrote them was cut off. Prints the numbers of those that were not done:
 * somebody has changed the place meanwhile, or it may not be changed.
 */
export const commit = `cd "$1" || exit 4
s=.tazpod/carry; n=0; what=
while read -r what mode look path && [ "$what" != end ]; do
  n=$((n + 1))
  path=$(printf '%b.' "$path"); path="./\${path%.}"
  if [ "$look" != any ]; then
    now=-
    if [ -e "$path" ] || [ -L "$path" ]; then now=$(stat -c %Y:%s "$path"); fi
    [ "$now" = "$look" ] || { echo "$n"; continue; }
  fi
  case $what in
    remove) rm -f "$path" ;;
    rmdir) rmdir "$path" ;;
    mode) chmod "$mode" "$path" ;;
    put)
      if [ -L "$path" ]; then rm -f "$path"; fi
      ! [ -d "$path" ] && mv -f "$s/$path" "$path"
      ;;
  esac 2>/dev/null || echo "$n"
done
[ "$what" = end ] || exit 6
chmod -R u+rwX "$s"; rm -rf "$s"`;
