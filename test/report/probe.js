// What a test asks of a page from within; put into it before it loads.

(() => {
  /** @typedef {[red: number, green: number, blue: number, alpha: number]} Colour */

  /** A canvas to read from. @param {number} width @param {number} height */
  const pen = (width, height) => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) throw new Error('no canvas');
    return context;
  };

  const pixel = pen(1, 1);

  /** Any colour of CSS as four numbers. @param {string} css @returns {Colour} */
  const colourOf = (css) => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = css;
    pixel.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0, alpha = 0] = pixel.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };

  /** @param {Colour} top @param {Colour} below @returns {Colour} */
  const over = ([r, g, b, alpha], [r2, g2, b2]) => [
    r * alpha + r2 * (1 - alpha),
    g * alpha + g2 * (1 - alpha),
    b * alpha + b2 * (1 - alpha),
    1,
  ];

  /** @param {Element | null} element @returns {Colour} */
  const backgroundOf = (element) => {
    if (element === null) return [255, 255, 255, 1];
    const own = colourOf(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, backgroundOf(element.parentElement));
  };

  /** Relative luminance as WCAG 2 has it. @param {Colour} colour */
  const luminance = (colour) => {
    const [red = 0, green = 0, blue = 0] = colour.slice(0, 3).map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };

  /** Every piece of text that is seen, with its contrast. */
  const contrasts = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const text = walker.currentNode.textContent?.trim() ?? '';
      const parent = walker.currentNode.parentElement;
      if (text === '' || !parent?.checkVisibility() || parent.closest('script, noscript')) continue;
      const below = backgroundOf(parent);
      const ink = over(colourOf(getComputedStyle(parent).color), below);
      const [light, dark] = [luminance(ink), luminance(below)].sort((a, b) => b - a);
      found.push({ text, ratio: ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05) });
    }
    return found;
  };

  /** The pixels of each plot: how many are not blank, and how many have the colour of the first line. */
  const plots = () => {
    const ink = colourOf(getComputedStyle(document.documentElement).getPropertyValue('--ink-1'));
    return [...document.querySelectorAll('.canvas')].map((box) => {
      const canvas = box.querySelector('canvas');
      if (!canvas) return { id: box.id, drawn: 0, inked: 0, fits: false };
      // From a copy: to read the page's own canvas would change how it is drawn.
      const context = pen(canvas.width, canvas.height);
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let drawn = 0;
      let inked = 0;
      for (let i = 0; i < data.length; i += 4) {
        if ((data[i + 3] ?? 0) > 0) drawn++;
        if ([0, 1, 2].every((c) => Math.abs((data[i + c] ?? 0) - (ink[c] ?? 0)) < 3)) inked++;
      }
      const fits = canvas.getBoundingClientRect().width <= box.clientWidth + 0.5;
      return { id: box.id, drawn, inked, fits };
    });
  };

  /** Pixels by which the page is wider than the window. */
  const overflow = () => document.documentElement.scrollWidth - window.innerWidth;

  Object.assign(window, { probe: { contrasts, plots, overflow } });
})();
