/**
 * The parts of the scripts that link paths of the home into the RAM folder. What was linked is noted in it, in
 * `.tazpod/bridges`, so that whatever empties it takes the links along, whatever the settings say by then.
 */

/** Of the shell functions here, `$1` is the RAM folder; a link counts as ours if it leads into that. */
const isOurLink = `ours() { [ -L "$2" ] && case $(readlink "$2") in "$1"/*) ;; *) false ;; esac; }`;

/** `untie FOLDER PATH...` removes the links of the home at these paths, and those that are noted. */
export const unlinkAll = `${isOurLink}
untie() {
  s=$1; shift
  for p; do ours "$s" "\${s%/*}/$p" && rm -f -- "\${s%/*}/$p"; done
  [ -e "$s/.tazpod/bridges" ] && while IFS= read -r p; do
    ours "$s" "\${s%/*}/$p" && rm -f -- "\${s%/*}/$p"
  done < "$s/.tazpod/bridges"
  :
}`;

/** `loosen FOLDER` removes those of the noted links that lead nowhere any more. */
export const unlinkDangling = `${isOurLink}
loosen() {
  [ -e "$1/.tazpod/bridges" ] && while IFS= read -r p; do
    ours "$1" "\${1%/*}/$p" && ! [ -e "\${1%/*}/$p" ] && rm -f -- "\${1%/*}/$p"
  done < "$1/.tazpod/bridges"
  :
}`;

/**
 * `tie FOLDER PATH...` links each path of the home to the same one in the folder, where that is there; a link of ours that
 * leads nowhere any more is removed. Prints what could not be linked: something else lies there, or the home cannot be
 * written.
 */
export const linkPaths = `${isOurLink}
tie() {
  s=$1; h=\${s%/*}; shift
  for p; do
    printf '%s\\n' "$p" >> "$s/.tazpod/bridges"
    [ -e "$s/$p" ] && [ "$h/$p" -ef "$s/$p" ] && continue
    ours "$s" "$h/$p" && rm -f -- "$h/$p"
    [ -e "$s/$p" ] || continue
    if [ -e "$h/$p" ] || [ -L "$h/$p" ]; then printf '%s\\n' "$p"; continue; fi
    case $p in */*) mkdir -p -- "$h/\${p%/*}" ;; esac && ln -s -- "$s/$p" "$h/$p" || printf '%s\\n' "$p"
  done 2>/dev/null
}`;
