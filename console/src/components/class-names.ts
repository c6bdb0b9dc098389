/** `classNames("row", isWide && "wide")` is `"row wide"`, or `"row"`. */
export function classNames(...names: readonly (string | false | undefined)[]): string {
  return names.filter(Boolean).join(" ");
}
