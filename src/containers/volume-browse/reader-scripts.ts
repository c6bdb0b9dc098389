/** What runs beside a volume, by busybox's shell. `$1` is a path in the volume, and only ever an argument. Links are resolved before the check, in a root
 *  where there is nothing but the volume. */

/** Exit codes. */
export const [outside, missing, unfit] = [40, 44, 45];

const resolve = `
b=/bin/busybox
at=$($b realpath "/volume/$1") || exit ${missing}
case "$at/" in /volume/*) ;; *) exit ${outside} ;; esac
[ -e "$at" ] || exit ${missing}
`;

export const listScript = `${resolve}
[ -d "$at" ] || exit ${unfit}
cd "$at" || exit ${missing}
exec $b find . -mindepth 1 -maxdepth 1 -exec $b sh -c '
  for one; do
    /bin/busybox stat -c "%f %s %Y" "$one" && printf "%s\\0%s\\0" "\${one#./}" "$(/bin/busybox readlink -n "$one")"
  done' sh {} +
`;

export const readScript = `${resolve}
[ -f "$at" ] || exit ${unfit}
$b stat -c %s "$at" && exec $b head -c 1048576 "$at"
`;
