// Fills the search page with what the API finds.
"use strict";
const settings = JSON.parse(document.getElementById("settings").textContent);
const { source, limit } = settings;
const status = document.getElementById("status");
const results = document.getElementById("results");
const query = new URLSearchParams(location.search).get("q")?.trim() ?? "";

function card(item) {
  const li = document.createElement("li");
  li.className = "card";
  const link = document.createElement("a");
  link.href = item.url;
  const image = document.createElement("img");
  image.src = item.image;
  image.alt = "";
  image.width = image.height = 400;
  const name = document.createElement("h3");
  name.textContent = item.name;
  link.append(image, name);
  const price = document.createElement("p");
  price.className = "price";
  price.textContent = item.price;
  li.append(link, price);
  return li;
}

async function search() {
  const answer = await fetch(`${source}?q=${encodeURIComponent(query)}`);
  if (!answer.ok) throw new Error(`search answered ${answer.status}`);
  const found = await answer.json();
  results.replaceChildren(...found.items.slice(0, limit).map(card));
  status.textContent = found.total === 0
    ? `We found nothing for “${query}”.`
    : `${found.total} ${found.total === 1 ? "thing" : "things"} for “${query}”`;
}

if (query !== "") {
  search().catch((err) => {
    status.setAttribute("role", "alert");
    status.className = "alert";
    status.textContent = "The search does not work right now.";
    console.error(err);
  });
}
