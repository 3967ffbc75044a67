// What a page can be linked to, what it links to, and its pictures.
() => ({
  ids: [...document.querySelectorAll("[id]")].map((each) => each.id),
  links: [...document.querySelectorAll("a[href]")].map((each) => each.href),
  images: [...document.querySelectorAll("img")].map((each) => each.src),
  broken: [...document.querySelectorAll("img")]
    .filter((each) => each.complete && !each.naturalWidth && each.checkVisibility())
    .map((each) => each.src),
  unnamed: [...document.querySelectorAll("img:not([alt])")].map((each) => each.src),
})
