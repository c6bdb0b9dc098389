/** App Mesh's times: epoch seconds, each with a readable twin in the server's local time. */

export function epochSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1_000);
}

/** `2025-10-15T09:53:06+08`: local time with the offset in hours (and minutes where a zone has them). */
export function localTimeText(milliseconds: number): string {
  const date = new Date(milliseconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day}T${time}${offsetText(-date.getTimezoneOffset())}`;
}

function offsetText(minutes: number): string {
  const absolute = Math.abs(minutes);
  const hours = String(Math.floor(absolute / 60)).padStart(2, "0");
  const rest = absolute % 60;
  return `${minutes < 0 ? "-" : "+"}${hours}${rest === 0 ? "" : `:${String(rest).padStart(2, "0")}`}`;
}
