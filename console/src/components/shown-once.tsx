/** A secret that nobody will be shown again. */
import { Button } from "./button.tsx";
import { CopyBox } from "./copy-box.tsx";
import { Dialog, DialogActions } from "./dialog.tsx";

export function ShownOnce({ title, text, onClose }: { title: string; text: string; onClose: () => void }) {
  return (
    <Dialog isOpen onClose={onClose} title={title} description="Copy it now: it is not shown again.">
      <CopyBox label={title} text={text} />
      <DialogActions>
        <Button kind="primary" onClick={onClose}>
          I have it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
