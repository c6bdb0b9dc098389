/** Says that what is shown is not of now, and of when it is. */
import { line } from "../api/line.ts";
import { useObservable } from "../api/observable.ts";
import { useNow } from "../components/moments.tsx";
import styles from "./line-banner.module.css";

export function LineBanner() {
  const { isUp, lastSeenAt } = useObservable(line);
  return (
    <div role="status">
      {!isUp && (
        <p className={styles.banner}>
          <strong>The yard does not answer.</strong> What you see is of then: last seen <Since at={lastSeenAt} />. It is
          tried again all the time.
        </p>
      )}
    </div>
  );
}

function Since({ at }: { at: number }) {
  const seconds = Math.max(0, Math.round((useNow(1_000) - at) / 1_000));
  const text = seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
  return <>{text} ago</>;
}
