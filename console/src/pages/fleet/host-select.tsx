/** A choice among the hosts whose engines the yard reaches. Where there is only one, nothing is to be chosen. */
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Select } from "../../components/select.tsx";

interface HostSelectProps {
  readonly label: string;
  /** As `?host=` takes it. */
  readonly value: string;
  onChange(host: string): void;
}

export function HostSelect({ label, value, onChange }: HostSelectProps) {
  const { data = [] } = useRead("engine hosts", (signal) => call("GET /api/v1/hosts", {}, { signal }), {
    topics: ["hosts"],
  });
  const usable = data.filter(({ status }) => status === "online" || status === "offline");
  if (usable.length < 2) return null;
  return (
    <Select
      label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      options={usable.map(({ id, name, status }) => ({
        value: id,
        title: status === "online" ? name : `${name} (away)`,
      }))}
    />
  );
}
