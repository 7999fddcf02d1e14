// What the app asks for stands behind the # sign, which never reaches the server.
const WORDS = {
  read_customers: "View customers and customer segments",
  write_customers: "Change customers and customer segments",
  read_orders: "View orders",
  read_store_information: "View the store's name, time zone and currency",
  read_store_metrics: "View the store's figures",
  read_products: "View products",
};

const form = document.getElementById("authorize");
const [route, query = ""] = location.hash.split("?");
const asked = new URLSearchParams(query);
const complete = ["appKey", "scope", "redirectUri"].every((name) => asked.get(name));

if (route === "#/oauth/authorize" && complete && asked.get("appKey") === form.dataset.appKey) {
  for (const name of ["appKey", "scope", "redirectUri", "customField"]) {
    form.elements[name].value = asked.get(name) ?? "";
  }
  for (const scope of asked.get("scope").split(",").map((part) => part.trim()).filter(Boolean)) {
    const line = document.createElement("li");
    line.textContent = WORDS[scope] ?? scope;
    document.getElementById("scopes").append(line);
  }
  document.getElementById("target").textContent = asked.get("redirectUri");
  document.getElementById("unreadable").hidden = true;
  form.hidden = false;
}
