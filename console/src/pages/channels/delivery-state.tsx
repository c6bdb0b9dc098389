/** How it went when a channel was last used. */
import { Ago } from "../../components/moments.tsx";
import { Status } from "../../components/status.tsx";

interface Delivered {
  readonly last_delivered_at?: string;
  readonly last_error?: string;
  readonly last_error_at?: string;
}

export function DeliveryState({ channel }: { channel: Delivered }) {
  const { last_delivered_at: arrived, last_error: error, last_error_at: failed } = channel;
  if (error && failed && Date.parse(failed) > Date.parse(arrived ?? "1970-01-01"))
    return (
      <span title={error}>
        <Status tone="bad">failed</Status> <Ago at={Date.parse(failed)} />: {error}
      </span>
    );
  return arrived ? <Ago at={Date.parse(arrived)} /> : "none yet";
}
