import { describeStore } from "./conformance.ts";

describeStore();
