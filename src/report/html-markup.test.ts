import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeHtml, html, render, trusted, type Content } from "./html-markup.js";

test("escaped text holds no markup and reads back as it was", () => {
  const plain = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...`<>&"'a;#é😀 \n`) }), (text) => {
      const escaped = escapeHtml(text);
      expect(escaped).not.toMatch(/[<>"']/);
      const back = escaped.replace(/&([^;]+);/g, (_, name: keyof typeof plain) => plain[name]);
      expect(back).toBe(text);
    }),
  );
});

test("characters that XML forbids are replaced", () => {
  expect(escapeHtml("a\u0000b\u001bc\ud800d\ufffe")).toBe("a\ufffdb\ufffdc\ufffdd\ufffd");
  expect(escapeHtml("tab\tline\n😀")).toBe("tab\tline\n😀");
});

test("the tag escapes values, keeps markup, joins lists and drops undefined", () => {
  const items = ["<b>", "&"].map((item) => html`<i title="${item}">${'"'}</i>`);
  expect(render(html`<p>${items}${undefined}${3}</p>`)).toBe(
    '<p><i title="&lt;b&gt;">&quot;</i><i title="&amp;">&quot;</i>3</p>',
  );
  expect(render(html`${trusted("<svg/>")}`)).toBe("<svg/>");
});

test("no value from JSON passes for markup", () => {
  const forged = JSON.parse('[{"markup": "<script>"}, {"Symbol(markup)": "<script>"}]') as Content[];
  for (const value of forged) expect(() => render(html`${value}`)).toThrow(TypeError);
});
