/** One event or entry with all that is known of it. What came from outside is shown as text. */
import { Button } from "../../components/button.tsx";
import { Dialog, DialogActions } from "../../components/dialog.tsx";
import { Facts } from "../../components/page.tsx";
import { ScrollText } from "../../components/scroll-text.tsx";

interface RecordDialogProps {
  readonly title: string;
  readonly facts: Readonly<Record<string, string | undefined>>;
  readonly details: unknown;
  onClose(): void;
}

export function RecordDialog({ title, facts, details, onClose }: RecordDialogProps) {
  return (
    <Dialog isOpen onClose={onClose} title={title}>
      <Facts facts={facts} />
      <ScrollText label="Details">{JSON.stringify(details, undefined, 2)}</ScrollText>
      <DialogActions>
        <Button onClick={onClose}>Close</Button>
      </DialogActions>
    </Dialog>
  );
}

const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const momentText = (at: number): string => absolute.format(at);
