/** Whether this machine's processor runs machines itself (KVM). A device that can be opened is no proof: inside of other machines it may be there and never come to
 *  its first instruction. So one is run: a boot sector that tells of itself through the emulator's exit code. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export type Accelerator = "kvm" | "tcg";

/** Of an emulator that starts on a busy host; the instruction itself takes nothing. */
const timeoutMs = 5_000;
const exitPort = 0x501;
/** mov dx, exitPort; mov al, 0x10; out dx, al; hlt */
const sector = [0xba, exitPort & 0xff, exitPort >> 8, 0xb0, 0x10, 0xee, 0xf4];
/** As the device has it: the value twice, and one. */
const exitCode = 0x10 * 2 + 1;

const device = "/dev/kvm";

/** The group whose members may use it; undefined, if everybody may, or nobody but root: an emulator is never root. */
function accessOf(): { readonly may: boolean; readonly group?: number } {
  const status = statSync(device, { throwIfNoEntry: false });
  if (!status) return { may: false };
  if ((status.mode & 0o006) === 0o006) return { may: true };
  return (status.mode & 0o060) === 0o060 && status.gid !== 0 ? { may: true, group: status.gid } : { may: false };
}

/** For the emulator to be in. */
export const acceleratorGroup = (): number | undefined => accessOf().group;

export async function findAccelerator(qemu: string): Promise<Accelerator> {
  if (!accessOf().may) return "tcg";
  const directory = mkdtempSync(join(tmpdir(), "runyard-kvm-"));
  try {
    const path = join(directory, "sector");
    const image = Buffer.alloc(512);
    Buffer.from(sector).copy(image);
    image.writeUInt16LE(0xaa55, 510);
    writeFileSync(path, image);
    const exit = `isa-debug-exit,iobase=${exitPort},iosize=1`;
    const drive = `file=${path},format=raw,if=floppy,readonly=on`;
    const machine = ["-M", "pc", "-accel", "kvm", "-m", "16", "-nodefaults", "-display", "none"];
    await promisify(execFile)(qemu, [...machine, "-no-reboot", "-drive", drive, "-device", exit], {
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    return "tcg"; // it has ended in some other way
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === exitCode ? "kvm" : "tcg";
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
