// The pictures of a page: all, those that did not load, and those without a description.
() => ({
  all: [...document.images].map((each) => each.src),
  broken: [...document.images]
    .filter((each) => each.complete && !each.naturalWidth && each.checkVisibility())
    .map((each) => each.src),
  unnamed: [...document.querySelectorAll("img:not([alt])")].map((each) => each.src),
})
