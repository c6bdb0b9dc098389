/** Every permission of a role, one by one, those of apps, tasks, capsules and scripts among them. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Check } from "../../components/check.tsx";
import { CheckGroup } from "../../components/check-group.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { tell } from "../../components/toasts.tsx";
import type { Role } from "./page.tsx";
import styles from "./roles.module.css";

interface AllPermissionsProps {
  readonly role: Role;
  onClose(): void;
  onDone(): void;
}

/** Holds whatever there is, also what later versions add: nobody changes it. */
const everything = "*";

export function AllPermissions({ role: { name, display, all }, onClose, onDone }: AllPermissionsProps) {
  const mayWrite = useMay("roles.write");
  const read = useRead("permissions of all", (signal) => call("GET /appmesh/permissions", {}, { signal }));
  const [held, setHeld] = useState(all);
  const isFixed = !mayWrite || held.includes(everything);
  const areas = Map.groupBy(read.data ?? [], areaOf);

  async function submit(): Promise<void> {
    if (isFixed) return;
    if (held.length === 0) throw new Error("A role that permits nothing is none: delete it, or leave something.");
    await call("POST /appmesh/role/{role_name}", { path: { role_name: name }, body: [...held] });
    tell(`The role ${name} is changed`);
    onDone();
  }

  return (
    <FormDialog
      title={`All that ${display || name} permits`}
      description={
        held.includes(everything) ? "Everything, and it stays so." : "It counts at once for all who have it."
      }
      action={isFixed ? "Close" : "Write"}
      isWide
      submit={submit}
      onClose={onClose}
    >
      {!read.data && read.error === undefined && <Loading what="the permissions" />}
      {read.error !== undefined && (
        <Failed what="The permissions cannot be shown" error={read.error} retry={read.reload} />
      )}
      {[...areas].map(([area, names]) => (
        <CheckGroup key={area} title={area}>
          <div className={styles.permissions}>
            {names.map((each) => (
              <Check
                key={each}
                checked={held.includes(each) || held.includes(everything)}
                disabled={isFixed}
                onChange={(on) => setHeld(on ? [...held, each] : held.filter((other) => other !== each))}
              >
                {each}
              </Check>
            ))}
          </div>
        </CheckGroup>
      ))}
    </FormDialog>
  );
}

/** What comes before the first hyphen or dot: "app", "capsules". */
function areaOf(permission: string): string {
  return permission.split(/[-.]/, 1)[0] ?? permission;
}
