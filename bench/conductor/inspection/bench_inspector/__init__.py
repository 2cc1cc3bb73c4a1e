"""The program that looks into an app: it runs in the app's own Python, 3.8 or newer.

It imports nothing of ours but itself, under a name that no app's module has. It imports the app, reads its
URL map, and asks it twice for every path that takes no arguments. The app is called as a server calls it: a
test client breaks where Flask and Werkzeug do not fit together, and knows no app but Flask's. What it finds
it writes at once, a JSON document a line: an app may end the process.
"""
