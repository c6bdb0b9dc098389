/** By which a receiver knows that what comes is from here, and by the time in it that it is new. */
import { createHmac } from "node:crypto";

/** Hex HMAC-SHA256 of the time, a full stop and the body, as receivers know it from others. @param timestamp RFC 3339 */
export function signatureOf(timestamp: string, body: string, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`;
}

export const signatureHeaders = {
  ...{ signature: "X-Runyard-Signature", delivery: "X-Runyard-Delivery", timestamp: "X-Runyard-Timestamp" },
} as const;
