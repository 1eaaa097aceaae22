"""The page that runs artifacts in a browser: `index.html`, its modules and styles, and what puts them together."""
