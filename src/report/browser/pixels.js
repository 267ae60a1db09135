// A plot is a bitmap, and uPlot asks for the density of the screen once, before it draws: with two
// pixels for one it is sharp on paper too.
Object.defineProperty(window, 'devicePixelRatio', { value: Math.max(2, window.devicePixelRatio) });
