/** `npm pretest`: installs the Debian packages that the tests need, where it can (as root, on Debian and its kin), and an S3 server, where there is Go,
 *  and says what it could not. Quick when nothing is missing. It never fails: a test whose part is missing is skipped by name, and under CI=true that fails. */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { findS3Server, s3ServerDirectory, s3ServerModule } from "../src/platform/testing/s3-program.ts";
import { findKernel, kernelDirectory } from "../src/sandboxes/microvm/programs.ts";

interface Part {
  readonly debianPackage: string;
  readonly usedBy: string;
  isThere(): boolean;
}

const parts: readonly Part[] = [
  {
    debianPackage: "postgresql",
    usedBy: "the store tests, on a server of their own",
    isThere: () => onPath("initdb") || globSync("/usr/lib/postgresql/*/bin/initdb").length > 0,
  },
  {
    debianPackage: "redis-server",
    usedBy: "the tests of several yards on one database, on a server of their own",
    isThere: () => onPath("redis-server"),
  },
  {
    debianPackage: "util-linux",
    usedBy: "processes that run as another user (setpriv)",
    isThere: () => onPath("setpriv"),
  },
  {
    debianPackage: "bubblewrap",
    usedBy: "the sandboxes of namespaces",
    isThere: () => onPath("bwrap"),
  },
  {
    debianPackage: "e2fsprogs",
    usedBy: "the disk limits of sandboxes (mkfs.ext4)",
    isThere: () => onPath("mkfs.ext4"),
  },
  {
    debianPackage: "iproute2",
    usedBy: "the isolation tests of sandboxes (ip)",
    isThere: () => onPath("ip"),
  },
  {
    debianPackage: "nftables",
    usedBy: "the network of sandboxes, and its tests (nft)",
    isThere: () => onPath("nft"),
  },
  {
    debianPackage: "docker.io",
    usedBy: "the sandboxes of containers, on an engine of their own",
    isThere: () => onPath("dockerd"),
  },
  {
    debianPackage: "chromium",
    usedBy: "the tests of the console, which are a browser's",
    isThere: () => onPath("chromium"),
  },
  {
    debianPackage: "busybox-static",
    usedBy: "the sandboxes of containers: it is put into each",
    isThere: () => onPath("busybox"),
  },
  {
    debianPackage: "iptables",
    usedBy: "the networks of containers",
    isThere: () => onPath("iptables"),
  },
  {
    debianPackage: "mount",
    usedBy: "the full-disk tests, on a small file system of their own",
    isThere: () => onPath("mount"),
  },
  {
    debianPackage: "faketime",
    usedBy: "hosts whose clocks go wrong",
    isThere: () => globSync("/usr/lib/*/faketime/libfaketime.so.1").length > 0,
  },
  { debianPackage: "haproxy", usedBy: "two yards behind one address", isThere: () => onPath("haproxy") },
  {
    debianPackage: "qemu-system-x86",
    usedBy: "the sandboxes of virtual machines",
    isThere: () => onPath("qemu-system-x86_64"),
  },
  {
    debianPackage: "qemu-utils",
    usedBy: "the disks of virtual machines (qemu-img)",
    isThere: () => onPath("qemu-img"),
  },
  {
    debianPackage: "openssh-server",
    usedBy: "the sandboxes of virtual machines: it is put into each",
    isThere: () => onPath("sshd"),
  },
  {
    debianPackage: "mmdebstrap",
    usedBy: "templates that are made of Debian",
    isThere: () => onPath("mmdebstrap"),
  },
  { debianPackage: "python3", usedBy: "the example programs in Python", isThere: () => onPath("python3") },
  { debianPackage: "procps", usedBy: "the process tests (ps)", isThere: () => onPath("ps") },
];

function onPath(program: string): boolean {
  return [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"].some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Debian's PostgreSQL makes and starts a database cluster when it is installed. The tests use their own, so this one is not wanted. */
function preventDefaultCluster(): void {
  const settings = "/etc/postgresql-common/createcluster.conf";
  if (existsSync(settings)) return;
  mkdirSync("/etc/postgresql-common", { recursive: true });
  writeFileSync(
    settings,
    "# Written before PostgreSQL was installed for Runyard's tests, which start servers of their own.\ncreate_main_cluster = false\n",
  );
}

function apt(...args: string[]): boolean {
  const options = [
    "-q",
    "-y",
    "--no-install-recommends",
    "-o",
    "DPkg::Lock::Timeout=120",
    "-o",
    "Dpkg::Options::=--force-confold",
  ];
  const { status } = spawnSync("apt-get", [...options, ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", UCF_FORCE_CONFFOLD: "1" },
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 10 * 60_000,
  });
  return status === 0;
}

function install(missing: readonly Part[]): string | undefined {
  if (process.getuid?.() !== 0) return "this needs root";
  if (!onPath("apt-get")) return "there is no apt-get here";
  const packages = missing.map((part) => part.debianPackage);
  console.log(`installing what the tests need: ${packages.join(", ")}`);
  if (packages.includes("postgresql")) preventDefaultCluster();
  if (apt("install", ...packages)) return undefined;
  return apt("update") && apt("install", ...packages) ? undefined : "apt-get failed, see above";
}

const missing = parts.filter((part) => !part.isThere());
const reason = missing.length > 0 ? install(missing) : undefined;
for (const part of missing.filter((part) => !part.isThere())) {
  console.warn(
    `missing: ${part.debianPackage}, for ${part.usedBy}; its tests are skipped (${reason ?? "it was installed, but is not where it is looked for"})`,
  );
}

/** Into a directory beside other caches: it takes two minutes to build, once for this machine. */
function installS3Server(): string | undefined {
  if (!onPath("go")) return "there is no Go here, 1.25 or newer";
  console.log(`building what the tests need: ${s3ServerModule}`);
  mkdirSync(s3ServerDirectory, { recursive: true });
  const { status } = spawnSync("go", ["install", s3ServerModule], {
    env: { ...process.env, GOBIN: s3ServerDirectory },
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 10 * 60_000,
  });
  return status === 0 ? undefined : "go install failed, see above";
}

const s3Reason = findS3Server() === undefined ? installS3Server() : undefined;
if (s3Reason !== undefined)
  console.warn(`missing: an S3 server, for the tests of blobs; those with S3 are skipped (${s3Reason})`);

/** The files of the package alone, beside other caches: to install it would make a boot loader's business of it. */
function fetchKernel(): string | undefined {
  if (!onPath("apt-get") || !onPath("dpkg-deb")) return "there is no apt-get here";
  const depends = spawnSync("apt-cache", ["depends", "linux-image-cloud-amd64"], { encoding: "utf8", timeout: 60_000 });
  const name = /Depends: (linux-image-\S+)/.exec(depends.stdout ?? "")?.[1];
  if (name === undefined) return "apt knows no kernel for machines (linux-image-cloud-amd64)";
  console.log(`fetching what the tests need: ${name}`);
  const directory = mkdtempSync(join(tmpdir(), "runyard-kernel-"));
  try {
    const options = { cwd: directory, stdio: ["ignore", "ignore", "inherit"] as const, timeout: 10 * 60_000 };
    const fetched = spawnSync("apt-get", ["-q", "-o", "APT::Sandbox::User=root", "download", name], {
      ...options,
      stdio: [...options.stdio],
    });
    const [file] = globSync(join(directory, "*.deb"));
    if (fetched.status !== 0 || file === undefined) return "apt-get failed, see above";
    mkdirSync(kernelDirectory, { recursive: true });
    return spawnSync("dpkg-deb", ["-x", file, kernelDirectory]).status === 0 ? undefined : "dpkg-deb failed";
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const kernelReason = process.arch === "x64" && findKernel() === undefined ? fetchKernel() : undefined;
if (kernelReason !== undefined)
  console.warn(`missing: a kernel, for the sandboxes of virtual machines; their tests are skipped (${kernelReason})`);
