// Draws Mermaid diagrams where the reader's browser can fetch the library; without it their source stays, as code.
const blocks = document.querySelectorAll("pre > code.language-mermaid");
if (blocks.length > 0) {
  try {
    const library = "https://cdn.jsdelivr.net/npm/mermaid@11.17.2/dist/mermaid.esm.min.mjs";
    const { default: mermaid } = await import(library);
    mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
    for (const [number, code] of blocks.entries()) {
      const { svg } = await mermaid.render(`diagram-${number}`, code.textContent);
      const figure = document.createElement("figure");
      figure.innerHTML = svg;
      code.parentElement.replaceWith(figure);
    }
  } catch (error) {
    console.warn("diagrams stay as code:", error);
  }
}
