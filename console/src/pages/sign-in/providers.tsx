/** The providers that one may sign in by, where an administrator has set up any. */
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import styles from "./sign-in.module.css";

export function Providers() {
  const { data = [] } = useRead("providers", (signal) =>
    call("GET /api/v1/auth/oidc/providers", {}, { signal, anonymous: true }),
  );
  if (data.length === 0) return null;
  return (
    <div className={styles.providers}>
      <p className={styles.or}>or</p>
      {data.map(({ slug, display_name: name }) => (
        <a key={slug} className={styles.provider} href={`/api/v1/auth/oidc/${encodeURIComponent(slug)}/login`}>
          Sign in by {name}
        </a>
      ))}
    </div>
  );
}
