import { fileURLToPath } from "node:url";

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export const benchDirectory = path("..");
export const runyardBin = path("../../bin/runyard.js");
export const peerModules = path("../node_modules");
export const compileCache = path("../node_modules/.cache");
export const resultsDirectory = path("../results");
export const program = (name: string): string => path(`../programs/${name}`);
export const peer = (name: string): string => path(`../peers/${name}`);
