/** The token of an `Authorization: Bearer` header, as RFC 6750 spells it; undefined without one. */
export function bearerTokenOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}
