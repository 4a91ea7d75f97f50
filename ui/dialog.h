/* What questions and menus share. Views open them by app_confirm(), app_menu() and app_action_menu() (app.h). */
#ifndef UI_DIALOG_H
#define UI_DIALOG_H

#include "ui/canvas.h"

/* h × w in the middle of `a`, as far as there is room. */
struct area dialog_area(const struct area *a, int h, int w);

#endif
