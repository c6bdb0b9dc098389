/** A service that says who somebody is, by OAuth 2.0's authorization code grant (RFC 6749, section 4.1). */

export interface Profile {
  /** Which never changes, whatever the user changes there. */
  readonly id: string;
  /** Verified by the service, in small letters. */
  readonly email: string;
  readonly name: string;
}

export interface OAuthProvider {
  /** As in paths. */
  readonly name: string;
  /** Where the user agrees. */
  authorizeUrl(request: { readonly state: string; readonly redirectUri: string }): string;
  /** Whom the code stands for. @throws {YardError} unavailable, whatever is wrong with the code or the service */
  profile(grant: { readonly code: string; readonly redirectUri: string }): Promise<Profile>;
}
