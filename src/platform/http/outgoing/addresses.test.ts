import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isIn, networksOf, specialKindOf } from "./addresses.ts";

for (const [address, kind] of [
  ["8.8.8.8", undefined],
  ["93.184.215.14", undefined],
  ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", undefined],
  ["127.0.0.1", "a loopback address"],
  ["127.255.1.2", "a loopback address"],
  ["::1", "a loopback address"],
  ["169.254.169.254", "a link-local address"],
  ["fe80::1", "a link-local address"],
  ["10.0.0.1", "a private address"],
  ["172.16.0.1", "a private address"],
  ["172.31.255.255", "a private address"],
  ["172.32.0.1", undefined],
  ["192.168.1.1", "a private address"],
  ["fd00:ec2::254", "a private address"],
  ["fc00::1", "a private address"],
  ["100.64.0.1", "an address of a carrier's network"],
  ["100.100.100.200", "an address of a carrier's network"],
  ["100.128.0.1", undefined],
  ["168.63.129.16", "a cloud's own service"],
  ["0.0.0.0", "the unspecified address"],
  ["::", "the unspecified address"],
  ["224.0.0.1", "a multicast address"],
  ["255.255.255.255", "a reserved address"],
  ["198.18.0.1", "a reserved address"],
  ["2001:db8::1", "a reserved address"],
  ["::127.0.0.1", "a reserved address"],
  ["4000::1", "a reserved address"],
  ["64:ff9b::7f00:1", "an IPv4 address in the form of IPv6"],
  ["2002:7f00:1::", "an IPv4 address in the form of IPv6"],
  ["::ffff:8.8.8.8", "a reserved address"],
  ["::ffff:127.0.0.1", "a loopback address"],
  ["::ffff:a9fe:a9fe", "a link-local address"],
  ["fe80::1%eth0", "no address"],
  ["localhost", "no address"],
] as const)
  test(`${address} is ${kind ?? "one of the internet"}`, () => assert.equal(specialKindOf(address), kind));

test("no address in the form of IPv6 leads to an IPv4 address", () => {
  const octet = fc.nat(255);
  fc.assert(
    fc.property(fc.tuple(octet, octet, octet, octet), ([a, b, c, d]) => {
      const hex = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
      for (const address of [`::ffff:${a}.${b}.${c}.${d}`, `::ffff:${hex}`, `64:ff9b::${hex}`, `::${hex}`])
        assert.notEqual(specialKindOf(address), undefined, address);
    }),
  );
});

test("an address is in a network when they agree in as many bits as the network says", () => {
  const address = fc.nat(2 ** 32 - 1);
  const written = (bits: number) => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".");
  fc.assert(
    fc.property(address, address, fc.integer({ min: 1, max: 32 }), (network, other, prefix) => {
      const agree = network >>> (32 - prefix) === other >>> (32 - prefix);
      assert.equal(isIn(networksOf([`${written(network)}/${prefix}`]), written(other)), agree);
    }),
  );
});

for (const text of [
  "",
  "10.0.0.0/33",
  "10.0.0/8",
  "::/129",
  "fe80::1%eth0",
  "example.com",
  "10.0.0.0/-1",
  "10.0.0.0/8 ",
])
  test(`${JSON.stringify(text)} is no network`, () => assert.throws(() => networksOf([text]), RangeError));
