"""FACE 3: the Admin Panel, pages that a server makes, under `/admin`.

Enter at `application.ROUTERS`; one file per page, its templates in `templates/<noun>/`. A page calls the operation that
the API calls, with the API's body (`forms.validated`), and renders what came of it (`render.page`, `render.fragment`).
Never here: rules, SQL, anything that the browser would have to fetch from elsewhere, markup from upstream.
"""
