/** Why something with an OpenID provider has failed, in words that hold nothing of what was sent, and of an answer no more than an error's code. */
import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";
import { ExchangeError } from "../../platform/http/outgoing/exchange-error.ts";

export function faultOf(error: unknown): string {
  if (error instanceof ExchangeError) return error.message;
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)
    return `it says ${codeOf(error.error)}`;
  if (error instanceof WWWAuthenticateChallengeError) return "it does not take the token that it has just given";
  if (error instanceof ClientError) {
    if (error.cause instanceof ExchangeError) return error.cause.message;
    return error.code === undefined ? "it makes no sense" : `${error.message}, ${error.code}`;
  }
  return "it makes no sense";
}

/** What an error may be called is anybody's text. @see RFC 6749, section 4.1.2.1 */
function codeOf(text: string): string {
  return /^[a-z_]{1,64}$/.test(text) ? text : "an error";
}
